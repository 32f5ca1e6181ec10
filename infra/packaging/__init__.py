"""What is uploaded to Lambda: archives of functions and layers, built without Docker, kept under build/packages."""
