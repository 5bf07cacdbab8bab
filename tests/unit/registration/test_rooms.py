"""Rooms of an event: what people call where somebody was seen."""

from services.registration.domain.agenda import Conference, Room, seen_in


def test_a_connection_is_told_by_the_name_of_the_room_it_led_to() -> None:
    plenary = Room(room_id="room_1", name="Amphi", conference=Conference(source="main", room="a/b@meet.example.org"))
    stream = Room(room_id="room_2", name="Salle Loire")
    workshop = Room(room_id="room_3", name="Atelier", conference=Conference(source="main", room="workshop"))
    rooms = (plenary, stream, workshop)
    assert seen_in(rooms, "/bridge/jitsi/main/workshop@conference.meet.example.org") == "Atelier, jitsi"
    assert seen_in(rooms, "/bridge/jaas/main/vpaas-1/workshop") == "Atelier, jaas"
    assert seen_in(rooms, "/bridge/jitsi/main/a/b@meet.example.org") == "Amphi, jitsi"
    assert seen_in(rooms, "/bridge/player/page/room_2") == "Salle Loire"
    assert seen_in(rooms, "/bridge/zoom/other/123") == "123, zoom"
    assert seen_in(rooms, "Porte nord") == "Porte nord"
