"""The audit trail as it is read: its pages, the verifier, and the anchors kept outside the database."""
