-- Beside `registration`, which the image makes itself: a service shares its database with no other.
CREATE DATABASE streaming_bridge;
CREATE DATABASE attendance;
