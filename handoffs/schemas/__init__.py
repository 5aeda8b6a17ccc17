"""What operations of this room take and answer."""
