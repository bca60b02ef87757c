"""What people write, and who they are: personal data masked in texts, identities replaced by keyed hashes."""
