"""The settings: `config` declares them, `setting_readers` reads one, `load_settings` finds them."""
