package passerelle.peer;

import java.util.List;

/** The presence record of one person. */
record Presence(
    String event_id, String subject, List<Interval> intervals, String status, Seconds seconds) {

  record Seconds(double in_person, double remote, double both, double total) {}

  /** What a timeline entry says of a presence. */
  record Reached(String status, Seconds seconds) {}

  /** The timeline entry of a fact. */
  record Entry(String id, String time, @com.fasterxml.jackson.annotation.JsonRawValue String fact, Reached presence) {}
}
