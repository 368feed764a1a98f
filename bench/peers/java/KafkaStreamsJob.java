import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.WindowStore;

/** Both jobs with Kafka Streams: ratings by team and hour, and first responses joined per ticket. */
public final class KafkaStreamsJob {
    private static final ObjectReader EVENTS = new ObjectMapper().readerFor(Event.class);
    private static final Duration HOUR = Duration.ofHours(1);
    // Longer than the load: the partitions of a replay drift apart, and what comes after its window's grace is dropped.
    private static final Duration GRACE = Duration.ofDays(35);
    private static final int SATISFIED_FROM = 4;

    /** An event as far as the jobs need it. */
    @JsonIgnoreProperties(ignoreUnknown = true)
    public record Event(String type, String time, Data data) {
        long milliseconds() {
            return Instant.parse(time).toEpochMilli();
        }
    }

    /** The data of every kind of event. */
    @JsonIgnoreProperties(ignoreUnknown = true)
    public record Data(@JsonProperty("ticket_id") String ticket, String team, String author, @JsonProperty("public") boolean isPublic, int score) {}

    /** What one event, or a window of them, comes to. */
    record Sums(long ratings, long satisfied, long answered, long waited) {
        static final Sums NONE = new Sums(0, 0, 0, 0);

        static Sums ofRating(Data data) {
            return new Sums(1, data.score() >= SATISFIED_FROM ? 1 : 0, 0, 0);
        }

        Sums plus(Sums more) {
            return new Sums(ratings + more.ratings, satisfied + more.satisfied, answered + more.answered, waited + more.waited);
        }
    }

    /** A ticket so far; times in ms, 0 where there is none yet; what was forwarded of it last is -1 at first. */
    record Ticket(long opened, long replied, long closed, long forwarded, String team) {
        static final Ticket NEW = new Ticket(0, 0, 0, -1, "");
    }

    private static final Serde<Event> EVENT_SERDE = Serdes.serdeFrom(
        (topic, event) -> {
            throw new UnsupportedOperationException("events are only read");
        },
        (topic, bytes) -> {
            try {
                return EVENTS.readValue(bytes);
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        });

    private static final Serde<Sums> SUMS_SERDE = Serdes.serdeFrom(
        (topic, sums) -> sums == null ? null : fourNumbers(0, sums.ratings(), sums.satisfied(), sums.answered(), sums.waited()).array(),
        (topic, bytes) -> {
            if (bytes == null) return null;
            ByteBuffer from = ByteBuffer.wrap(bytes);
            return new Sums(from.getLong(), from.getLong(), from.getLong(), from.getLong());
        });

    private static final Serde<Ticket> TICKET_SERDE = Serdes.serdeFrom(
        (topic, ticket) -> {
            if (ticket == null) return null;
            byte[] team = Serdes.String().serializer().serialize(topic, ticket.team());
            return fourNumbers(team.length, ticket.opened(), ticket.replied(), ticket.closed(), ticket.forwarded()).put(team).array();
        },
        (topic, bytes) -> {
            if (bytes == null) return null;
            ByteBuffer from = ByteBuffer.wrap(bytes);
            long opened = from.getLong(), replied = from.getLong(), closed = from.getLong(), forwarded = from.getLong();
            byte[] team = new byte[from.remaining()];
            from.get(team);
            return new Ticket(opened, replied, closed, forwarded, Serdes.String().deserializer().deserialize(topic, team));
        });

    private static ByteBuffer fourNumbers(int more, long... numbers) {
        ByteBuffer to = ByteBuffer.allocate(numbers.length * Long.BYTES + more);
        for (long number : numbers) to.putLong(number);
        return to;
    }

    /** Keeps each ticket and forwards, under its team, ratings and every change of its first response. */
    private static final class PerTicket extends ContextualProcessor<String, Event, String, Sums> {
        private KeyValueStore<String, Ticket> tickets;

        @Override
        public void init(ProcessorContext<String, Sums> context) {
            super.init(context);
            tickets = context.getStateStore("tickets");
        }

        @Override
        public void process(Record<String, Event> record) {
            Data data = record.value().data();
            switch (record.value().type()) {
                case "rating.submitted" -> context().forward(new Record<>(data.team(), Sums.ofRating(data), record.timestamp()));
                case "ticket.opened" -> {
                    Ticket was = ticket(record.key());
                    settle(record.key(), new Ticket(record.timestamp(), was.replied(), was.closed(), was.forwarded(), data.team()));
                }
                case "ticket.replied" -> reply(record.key(), data, record.timestamp());
                default -> {
                    Ticket was = ticket(record.key());
                    tickets.put(record.key(), new Ticket(was.opened(), was.replied(), record.timestamp(), was.forwarded(), was.team()));
                }
            }
        }

        private void reply(String key, Data data, long time) {
            if (!data.isPublic() || !data.author().equals("agent")) return;
            Ticket was = ticket(key);
            if (was.replied() == 0 || time < was.replied()) {
                settle(key, new Ticket(was.opened(), time, was.closed(), was.forwarded(), was.team()));
            }
        }

        private Ticket ticket(String key) {
            Ticket found = tickets.get(key);
            return found == null ? Ticket.NEW : found;
        }

        /** Stores a ticket and, where its first response is new or another one, forwards the difference in the hour of its opening. */
        private void settle(String key, Ticket now) {
            long waited = now.replied() - now.opened();
            if (now.opened() == 0 || now.replied() == 0 || waited == now.forwarded()) {
                tickets.put(key, now);
                return;
            }
            Sums change = now.forwarded() < 0 ? new Sums(0, 0, 1, waited) : new Sums(0, 0, 0, waited - now.forwarded());
            context().forward(new Record<>(now.team(), change, now.opened()));
            tickets.put(key, new Ticket(now.opened(), now.replied(), now.closed(), waited, now.team()));
        }
    }

    /** Every change as sums under the team, stamped with the hour it belongs to. */
    private static KStream<String, Sums> changes(StreamsBuilder builder, String job, String prefix) {
        Consumed<String, Event> events = Consumed.with(Serdes.String(), EVENT_SERDE)
            .withTimestampExtractor((record, partitionTime) -> ((Event) record.value()).milliseconds());
        if (job.equals("w1")) {
            return builder.stream(prefix + "w1.ratings", events).map((key, event) -> KeyValue.pair(event.data().team(), Sums.ofRating(event.data())));
        }
        builder.addStateStore(Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore("tickets"), Serdes.String(), TICKET_SERDE).withCachingEnabled());
        List<String> topics = List.of(prefix + "support.ticket.opened.v1", prefix + "support.ticket.replied.v1",
            prefix + "support.ticket.closed.v1", prefix + "support.rating.submitted.v1");
        return builder.stream(topics, events).process(PerTicket::new, "tickets");
    }

    private static void scores(StreamsBuilder builder, KStream<String, Sums> changes, String out) {
        changes.groupByKey(Grouped.with(Serdes.String(), SUMS_SERDE))
            .windowedBy(TimeWindows.ofSizeAndGrace(HOUR, GRACE))
            .aggregate(() -> Sums.NONE, (team, change, sums) -> sums.plus(change),
                Materialized.<String, Sums, WindowStore<Bytes, byte[]>>as("hours").withKeySerde(Serdes.String()).withValueSerde(SUMS_SERDE))
            .toStream()
            .map((team, sums) -> KeyValue.pair(team.key(), json(team.key(), team.window().start(), sums)))
            .to(out, Produced.with(Serdes.String(), Serdes.String()));
    }

    private static String json(String team, long window, Sums sums) {
        return "{\"team\":\"" + team + "\",\"window\":" + window + ",\"n\":" + sums.ratings() + ",\"satisfied\":" + sums.satisfied()
            + ",\"n_frt\":" + sums.answered() + ",\"sum_frt\":" + sums.waited() + "}";
    }

    private static Properties settings(Map<String, String> env) {
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, env.get("PB_APP"));
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, env.get("PB_BROKER"));
        settings.put(StreamsConfig.STATE_DIR_CONFIG, env.get("PB_STATE"));
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, env.get("PB_PAR"));
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, "1000");
        settings.put(StreamsConfig.mainConsumerPrefix(ConsumerConfig.INTERCEPTOR_CLASSES_CONFIG), FirstRecord.class.getName());
        settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        return settings;
    }

    public static void main(String[] arguments) throws InterruptedException {
        Map<String, String> env = System.getenv();
        StreamsBuilder builder = new StreamsBuilder();
        scores(builder, changes(builder, env.get("PB_JOB"), env.get("PB_PREFIX")), env.get("PB_OUT"));
        Properties settings = settings(env);
        CountDownLatch over = new CountDownLatch(1);
        try (KafkaStreams streams = new KafkaStreams(builder.build(settings), settings)) {
            streams.setUncaughtExceptionHandler(error -> {
                System.exit(1);
                return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
            });
            Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                streams.close(Duration.ofSeconds(10));
                over.countDown();
            }));
            streams.start();
            over.await();
        }
    }
}
