"""What queries across rooms take and answer."""
