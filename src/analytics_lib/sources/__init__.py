"""What other systems deliver, turned into rows of the contract: one module a system, no input or output here."""
