"""An embedded host, an Accredible emulator, and the story that shows the plugin at work."""
