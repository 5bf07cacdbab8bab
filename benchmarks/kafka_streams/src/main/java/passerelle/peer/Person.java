package passerelle.peer;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One person's presence, the state of the store. The same fold as the Python peers': the latest fact is folded in on
 * top of what is known, any other has the person's facts folded again.
 */
final class Person {
  static final String IN_PERSON = "in_person";
  static final String REMOTE = "remote";

  long at = -1;
  List<Move> moves = new ArrayList<>();
  Map<String, Long> open = new LinkedHashMap<>();
  List<Interval> ended = new ArrayList<>();
  List<long[]> inPerson = new ArrayList<>();
  List<long[]> remote = new ArrayList<>();
  List<long[]> total = new ArrayList<>();

  /** What taking in a fact came to. */
  enum Outcome {
    KNOWN,
    UNCHANGED,
    CHANGED
  }

  Outcome take(Fact fact) {
    for (Move move : moves) {
      if (move.id().equals(fact.id())) {
        return Outcome.KNOWN;
      }
    }
    Move move = fact.move();
    moves.add(move);
    boolean simple = move.opens() || open.containsKey(move.channel()) || move.joinedAt() == null;
    if (move.time() > at && simple) {
      at = move.time();
      return foldOnTop(move) ? Outcome.CHANGED : Outcome.UNCHANGED;
    }
    Map<String, Long> openBefore = open;
    List<Interval> endedBefore = ended;
    foldAgain();
    boolean same = openBefore.equals(open) && endedBefore.equals(ended);
    return same ? Outcome.UNCHANGED : Outcome.CHANGED;
  }

  Presence presence(String key) {
    int slash = key.indexOf('/');
    List<Interval> intervals = new ArrayList<>(ended);
    open.forEach((channel, start) -> intervals.add(new Interval(mode(channel), start, null)));
    return new Presence(
        key.substring(0, slash), key.substring(slash + 1), intervals, status(), seconds());
  }

  Presence.Reached reached() {
    return new Presence.Reached(status(), seconds());
  }

  private boolean foldOnTop(Move move) {
    if (move.opens()) {
      return open.putIfAbsent(move.channel(), move.time()) == null;
    }
    Long start = open.remove(move.channel());
    if (start == null) {
      return false;
    }
    end(mode(move.channel()), start, move.time());
    return true;
  }

  private void foldAgain() {
    open = new LinkedHashMap<>();
    ended = new ArrayList<>();
    List.of(inPerson, remote, total).forEach(List::clear);
    Map<String, List<Move>> channels = new LinkedHashMap<>();
    for (Move move : moves) {
      channels.computeIfAbsent(move.channel(), channel -> new ArrayList<>()).add(move);
      at = Math.max(at, move.time());
    }
    List<Interval> intervals = new ArrayList<>();
    channels.forEach((channel, ofChannel) -> walk(channel, ofChannel, intervals));
    intervals.sort(Comparator.comparingLong(Interval::end));
    intervals.forEach(interval -> end(interval.mode(), interval.start(), interval.end()));
  }

  private void walk(String channel, List<Move> ofChannel, List<Interval> intervals) {
    ofChannel.sort(Comparator.comparingLong(Move::time).thenComparing(Move::id));
    List<Interval> own = new ArrayList<>();
    Long start = null;
    for (Move move : ofChannel) {
      if (move.opens()) {
        start = start == null ? Long.valueOf(move.time()) : start;
      } else if (start != null) {
        own.add(new Interval(mode(channel), start, move.time()));
        start = null;
      } else if (move.joinedAt() != null && move.joinedAt() <= move.time()) {
        long joined = move.joinedAt();
        while (!own.isEmpty() && own.get(own.size() - 1).end() > joined) {
          joined = Math.min(joined, own.remove(own.size() - 1).start());
        }
        own.add(new Interval(mode(channel), joined, move.time()));
      }
    }
    if (start != null) {
      open.put(channel, start);
    }
    intervals.addAll(own);
  }

  private void end(String mode, long start, long end) {
    ended.add(new Interval(mode, start, end));
    merge(mode == REMOTE ? remote : inPerson, start, end);
    merge(total, start, end);
  }

  private static void merge(List<long[]> spans, long start, long end) {
    long merged = start;
    while (!spans.isEmpty() && spans.get(spans.size() - 1)[1] >= merged) {
      merged = Math.min(merged, spans.remove(spans.size() - 1)[0]);
    }
    spans.add(new long[] {merged, end});
  }

  private String status() {
    Set<String> modes = new HashSet<>();
    open.keySet().forEach(channel -> modes.add(mode(channel)));
    if (modes.isEmpty()) {
      return ended.isEmpty() ? "absent" : "away";
    }
    return modes.size() > 1 ? "both" : modes.contains(REMOTE) ? REMOTE : "on_site";
  }

  private Presence.Seconds seconds() {
    long both = length(inPerson) + length(remote) - length(total);
    return new Presence.Seconds(
        length(inPerson) / 1000.0,
        length(remote) / 1000.0,
        both / 1000.0,
        length(total) / 1000.0);
  }

  private static long length(List<long[]> spans) {
    long length = 0;
    for (long[] span : spans) {
      length += span[1] - span[0];
    }
    return length;
  }

  private static String mode(String channel) {
    return channel.isEmpty() ? IN_PERSON : REMOTE;
  }
}
