"""Staff as their administrators see them: who has an account, which roles he holds, and who may change that."""
