"""The second pack: rules about the pipeline that builds, of LocalAI and of any other repository."""
