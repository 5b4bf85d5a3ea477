"""Drills on models: of what runs in an account alone, and on no machine of ours."""
