"""Who may speak to the broker: accounts, certificates, and the secrets of the stack."""
