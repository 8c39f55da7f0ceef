"""What happens around every request; the order, and why, is in ``broker.settings.framework``."""
