"""The whole project as one archive for a network of its own: packed here, unpacked where nothing can be downloaded."""
