"""Views of ``sso``: each translates HTTP and leaves the journey to the module of its name."""
