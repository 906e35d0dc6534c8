"""Where a LoadModel request's model is."""

import os


def resolve_model_reference(request, default=""):
    """(reference, is_local): the model file if it exists, else the model's name."""
    path = request.ModelFile.strip()
    if path and os.path.exists(path):
        return path, True
    return request.Model.strip() or default, False
