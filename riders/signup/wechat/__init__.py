"""Signing in by WeChat: a mini-program's account, bound to a rider who has signed in by phone."""
