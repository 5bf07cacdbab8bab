package passerelle.peer;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;

/** The state in a compact form of its own: as JSON it costs twice the rest of the work. */
final class PersonSerde implements Serde<Person> {
  private static final long NONE = Long.MIN_VALUE;

  @Override
  public Serializer<Person> serializer() {
    return (topic, person) -> person == null ? null : write(person);
  }

  @Override
  public Deserializer<Person> deserializer() {
    return (topic, value) -> value == null ? null : read(value);
  }

  private static byte[] write(Person person) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(1024);
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeLong(person.at);
      out.writeShort(person.moves.size());
      for (Move move : person.moves) {
        out.writeUTF(move.channel());
        out.writeLong(move.time());
        out.writeUTF(move.id());
        out.writeBoolean(move.opens());
        out.writeLong(move.joinedAt() == null ? NONE : move.joinedAt());
      }
      out.writeShort(person.open.size());
      for (var open : person.open.entrySet()) {
        out.writeUTF(open.getKey());
        out.writeLong(open.getValue());
      }
      out.writeShort(person.ended.size());
      for (Interval interval : person.ended) {
        out.writeBoolean(interval.mode() == Person.REMOTE);
        out.writeLong(interval.start());
        out.writeLong(interval.end());
      }
      for (List<long[]> spans : List.of(person.inPerson, person.remote, person.total)) {
        out.writeShort(spans.size());
        for (long[] span : spans) {
          out.writeLong(span[0]);
          out.writeLong(span[1]);
        }
      }
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
    return bytes.toByteArray();
  }

  private static Person read(byte[] value) {
    Person person = new Person();
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(value))) {
      person.at = in.readLong();
      for (int left = in.readShort(); left > 0; left--) {
        String channel = in.readUTF();
        long time = in.readLong();
        String id = in.readUTF();
        boolean opens = in.readBoolean();
        long joinedAt = in.readLong();
        person.moves.add(new Move(channel, time, id, opens, joinedAt == NONE ? null : joinedAt));
      }
      for (int left = in.readShort(); left > 0; left--) {
        person.open.put(in.readUTF(), in.readLong());
      }
      for (int left = in.readShort(); left > 0; left--) {
        String mode = in.readBoolean() ? Person.REMOTE : Person.IN_PERSON;
        person.ended.add(new Interval(mode, in.readLong(), in.readLong()));
      }
      for (List<long[]> spans : List.of(person.inPerson, person.remote, person.total)) {
        for (int left = in.readShort(); left > 0; left--) {
          spans.add(new long[] {in.readLong(), in.readLong()});
        }
      }
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
    return person;
  }
}
