"""What the protocols of devices mean in our terms."""
