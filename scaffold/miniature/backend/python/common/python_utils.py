"""Helpers that need no inference framework."""

import json


def _typed(text):
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text


def parse_options(options_list):
    """Turn ModelOptions.Options ("key:value") into a dict; other entries are skipped."""
    pairs = (option.split(":", 1) for option in options_list if ":" in option)
    return {key.strip(): _typed(value.strip()) for key, value in pairs}


def messages_to_dicts(proto_messages):
    """Turn proto Messages into the dicts that chat templates take."""
    result = []
    for message in proto_messages:
        entry = {"role": message.role, "content": message.content}
        for field in ("name", "tool_call_id", "reasoning_content"):
            if getattr(message, field):
                entry[field] = getattr(message, field)
        try:
            if message.tool_calls:
                entry["tool_calls"] = json.loads(message.tool_calls)
        except json.JSONDecodeError:
            pass
        result.append(entry)
    return result
