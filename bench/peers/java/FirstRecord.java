import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.consumer.ConsumerInterceptor;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/** A consumer interceptor that tells the bench when the first records reach the job. */
public final class FirstRecord implements ConsumerInterceptor<Object, Object> {
    private static final AtomicBoolean TOLD = new AtomicBoolean();

    @Override
    public ConsumerRecords<Object, Object> onConsume(ConsumerRecords<Object, Object> records) {
        if (!records.isEmpty() && TOLD.compareAndSet(false, true)) {
            System.out.println("FIRST " + System.currentTimeMillis() / 1000.0);
            System.out.flush();
        }
        return records;
    }

    @Override
    public void onCommit(Map<TopicPartition, OffsetAndMetadata> offsets) {}

    @Override
    public void configure(Map<String, ?> settings) {}

    @Override
    public void close() {}
}
