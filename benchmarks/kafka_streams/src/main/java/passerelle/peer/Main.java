package passerelle.peer;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.StreamPartitioner;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/** The benchmark's workload in Kafka Streams: the processor API, a RocksDB store with its changelog. */
public final class Main {

  public static void main(String[] arguments) {
    Map<String, String> told = new HashMap<>();
    for (int at = 0; at + 1 < arguments.length; at += 2) {
      told.put(arguments[at], arguments[at + 1]);
    }
    KafkaStreams streams = new KafkaStreams(topology(told), settings(told));
    Runtime.getRuntime().addShutdownHook(new Thread(streams::close));
    streams.start();
  }

  private static Topology topology(Map<String, String> told) {
    boolean entries = told.containsKey("--entries");
    StoreBuilder<KeyValueStore<String, Person>> people =
        Stores.keyValueStoreBuilder(
            Stores.persistentKeyValueStore(Folding.STORE),
            Serdes.String(),
            new PersonSerde());
    Topology topology =
        new Topology()
            .addSource(
                "facts",
                new StringDeserializer(),
                new ByteArrayDeserializer(),
                told.get("--inputs").split(","))
            .addProcessor("fold", () -> new Folding(entries), "facts")
            .addStateStore(people, "fold");
    StringSerializer keys = new StringSerializer();
    ByteArraySerializer values = new ByteArraySerializer();
    // What concerns one event stays in one partition, whatever the record's key.
    StreamPartitioner<String, byte[]> byEvent =
        (topic, key, value, partitions) -> Optional.of(Set.of(partition(key, partitions)));
    topology.addSink(Folding.PRESENCE, told.get("--presence"), keys, values, byEvent, "fold");
    if (entries) {
      topology.addSink(Folding.ENTRIES, told.get("--entries"), keys, values, "fold");
    }
    return topology;
  }

  private static int partition(String key, int partitions) {
    byte[] event = key.substring(0, key.indexOf('/')).getBytes();
    return org.apache.kafka.clients.producer.internals.BuiltInPartitioner.partitionForKey(
        event, partitions);
  }

  private static Properties settings(Map<String, String> told) {
    Properties settings = new Properties();
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, told.get("--group"));
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, told.get("--servers"));
    settings.put(StreamsConfig.STATE_DIR_CONFIG, told.get("--directory"));
    settings.put(
        StreamsConfig.PROCESSING_GUARANTEE_CONFIG,
        told.get("--variant").equals("exactly_once")
            ? StreamsConfig.EXACTLY_ONCE_V2
            : StreamsConfig.AT_LEAST_ONCE);
    settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    return settings;
  }

  private Main() {}
}
