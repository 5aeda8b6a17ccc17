"""The admin as the audit surface: its site, its login and what belongs to no room."""
