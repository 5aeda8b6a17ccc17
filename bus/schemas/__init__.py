"""What operations of the bus take and answer."""
