"""What other systems deliver and how it is read: one module a system, and the formats they share."""
