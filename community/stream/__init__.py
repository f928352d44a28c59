"""The live stream: what changes on the cases one sees, as it happens, resumable without gap or repetition."""
