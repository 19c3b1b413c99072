"""An Accredible emulator: the parts of Accredible's API that the plugin uses, over real HTTP, with faults on demand."""
