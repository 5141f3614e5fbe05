"""The curriculum: `params.yaml` as frozen types, its validation, and the commands that edit it."""
