package passerelle.peer;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import java.time.LocalDate;

/** A fact as it stands on the wire, as far as presence needs it. */
@JsonIgnoreProperties(ignoreUnknown = true)
record Fact(String id, String source, String type, String subject, String time, Data data) {

  @JsonIgnoreProperties(ignoreUnknown = true)
  record Data(String event_id, String room, String connection, String joined_at) {}

  boolean isMovement() {
    return switch (type) {
      case "passerelle.checkin.checked_in.v1",
              "passerelle.checkin.checked_out.v1",
              "passerelle.participation.joined.v1",
              "passerelle.participation.left.v1" ->
          true;
      default -> false;
    };
  }

  String key() {
    return data.event_id + "/" + subject;
  }

  Move move() {
    boolean opens = type.endsWith(".checked_in.v1") || type.endsWith(".joined.v1");
    String channel =
        data.connection == null ? "" : source + "/" + data.room + "/" + data.connection;
    Long joinedAt = data.joined_at == null ? null : milliseconds(data.joined_at);
    return new Move(channel, milliseconds(time), id, opens, joinedAt);
  }

  /** An instant of the wire, always {@code 2026-11-22T09:00:00.000Z}; {@code Instant.parse} costs five times that. */
  private static long milliseconds(String instant) {
    long days =
        LocalDate.of(number(instant, 0, 4), number(instant, 5, 7), number(instant, 8, 10))
            .toEpochDay();
    long minutes = 1440 * days + 60 * number(instant, 11, 13) + number(instant, 14, 16);
    return 60_000 * minutes + 1000 * number(instant, 17, 19) + number(instant, 20, 23);
  }

  private static int number(String text, int from, int to) {
    return Integer.parseInt(text, from, to, 10);
  }
}
