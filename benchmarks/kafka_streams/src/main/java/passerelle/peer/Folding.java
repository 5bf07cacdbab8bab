package passerelle.peer;

import java.nio.charset.StandardCharsets;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;

/** Takes in facts; tells presence where one changed it, and the timeline if asked to. */
final class Folding implements Processor<String, byte[], String, byte[]> {
  static final String STORE = "people";
  static final String PRESENCE = "presence";
  static final String ENTRIES = "entries";

  private static final Json<Fact> FACTS = new Json<>(Fact.class);
  private static final Json<Presence> PRESENCES = new Json<>(Presence.class);
  private static final Json<Presence.Entry> TIMELINE = new Json<>(Presence.Entry.class);

  private final boolean entries;
  private ProcessorContext<String, byte[]> context;
  private KeyValueStore<String, Person> people;

  Folding(boolean entries) {
    this.entries = entries;
  }

  @Override
  public void init(ProcessorContext<String, byte[]> context) {
    this.context = context;
    people = context.getStateStore(STORE);
  }

  @Override
  public void process(Record<String, byte[]> record) {
    Fact fact = FACTS.read(record.value());
    if (!fact.isMovement()) {
      return;
    }
    String key = fact.key();
    Person known = people.get(key);
    Person person = known == null ? new Person() : known;
    Person.Outcome outcome = person.take(fact);
    if (outcome == Person.Outcome.KNOWN) {
      return;
    }
    people.put(key, person);
    if (outcome == Person.Outcome.CHANGED) {
      byte[] presence = PRESENCES.write(person.presence(key));
      context.forward(record.withKey(key).withValue(presence), PRESENCE);
    }
    if (entries) {
      String raw = new String(record.value(), StandardCharsets.UTF_8);
      Presence.Entry entry = new Presence.Entry(fact.id(), fact.time(), raw, person.reached());
      context.forward(record.withValue(TIMELINE.write(entry)), ENTRIES);
    }
  }
}
