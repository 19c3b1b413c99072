"""The addresses of the emulator, by area."""
