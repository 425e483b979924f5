"""The library of firmware files, and which versions the chargers have."""
