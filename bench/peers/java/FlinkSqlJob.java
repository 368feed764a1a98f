import java.util.Map;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;

/** Both jobs with Flink SQL in the local cluster of one JVM; it ends at what were the ends of the topics when it began. */
public final class FlinkSqlJob {
    private static final Map<String, String> ENV = System.getenv();

    private static final String RATINGS_PER_HOUR = """
        INSERT INTO scores
        SELECT data.team, UNIX_TIMESTAMP(CAST(window_start AS STRING)) * 1000, COUNT(*), SUM(CASE WHEN data.score >= 4 THEN 1 ELSE 0 END)
        FROM TUMBLE(TABLE ratings, DESCRIPTOR(`time`), INTERVAL '1' HOUR)
        GROUP BY data.team, window_start, window_end
        """;

    // TIMESTAMPDIFF knows no unit below the second, so milliseconds are put together from two parts.
    private static final String FIRST_RESPONSES = """
        CREATE TEMPORARY VIEW first_responses AS
        SELECT o.data.team AS team, FLOOR(o.`time` TO HOUR) AS window_start,
          (EXTRACT(EPOCH FROM a.answered) - EXTRACT(EPOCH FROM o.`time`)) * 1000
            + EXTRACT(MILLISECOND FROM a.answered) - EXTRACT(MILLISECOND FROM o.`time`) AS waited
        FROM opened AS o
        JOIN (
          SELECT data.ticket_id AS ticket_id, MIN(`time`) AS answered FROM replied WHERE data.author = 'agent' AND data.`public` GROUP BY data.ticket_id
        ) AS a ON a.ticket_id = o.data.ticket_id
        """;

    private static final String TICKETS_PER_HOUR = """
        INSERT INTO scores
        SELECT team, UNIX_TIMESTAMP(CAST(window_start AS STRING)) * 1000, SUM(n), SUM(satisfied), SUM(n_frt), SUM(waited)
        FROM (
          SELECT team, window_start, CAST(0 AS BIGINT) AS n, CAST(0 AS BIGINT) AS satisfied, CAST(1 AS BIGINT) AS n_frt, waited FROM first_responses
          UNION ALL
          SELECT data.team, FLOOR(`time` TO HOUR), 1, CASE WHEN data.score >= 4 THEN 1 ELSE 0 END, 0, 0 FROM ratings
        )
        GROUP BY team, window_start
        """;

    private static String events(String table, String topic, String data, String watermark) {
        return """
            CREATE TABLE %s (`time` TIMESTAMP_LTZ(3), data ROW<%s> %s) WITH (
              'connector' = 'kafka', 'topic' = '%s', 'properties.bootstrap.servers' = '%s', 'properties.group.id' = '%s',
              'properties.interceptor.classes' = 'FirstRecord',
              'scan.startup.mode' = 'earliest-offset', 'scan.bounded.mode' = 'latest-offset',
              'format' = 'json', 'json.timestamp-format.standard' = 'ISO-8601')
            """.formatted(table, data, watermark, ENV.get("PB_PREFIX") + topic, ENV.get("PB_BROKER"), ENV.get("PB_APP"));
    }

    private static String scores(String columns, String options) {
        return "CREATE TABLE scores (team STRING, `window` BIGINT, n BIGINT, satisfied BIGINT%s) WITH ('topic' = '%s', 'properties.bootstrap.servers' = '%s', %s)"
            .formatted(columns, ENV.get("PB_OUT"), ENV.get("PB_BROKER"), options);
    }

    private static TableEnvironment environment() {
        Configuration settings = new Configuration();
        settings.setString("parallelism.default", ENV.get("PB_PAR"));
        settings.setString("execution.checkpointing.interval", "5 s");
        settings.setString("execution.checkpointing.storage", "filesystem");
        settings.setString("execution.checkpointing.dir", "file://" + ENV.get("PB_STATE") + "/checkpoints");
        settings.setString("io.tmp.dirs", ENV.get("PB_STATE"));
        settings.setString("table.local-time-zone", "UTC");
        if (ENV.get("PB_JOB").equals("w2")) {
            // For aggregates that are updated again and again, as Flink's tuning page advises.
            settings.setString("table.exec.mini-batch.enabled", "true");
            settings.setString("table.exec.mini-batch.allow-latency", "1 s");
            settings.setString("table.exec.mini-batch.size", "20000");
        }
        return TableEnvironment.create(EnvironmentSettings.newInstance().inStreamingMode().withConfiguration(settings).build());
    }

    public static void main(String[] arguments) throws Exception {
        TableEnvironment tables = environment();
        if (ENV.get("PB_JOB").equals("w1")) {
            tables.executeSql(events("ratings", "w1.ratings", "team STRING, score INT", ", WATERMARK FOR `time` AS `time` - INTERVAL '10' SECOND"));
            tables.executeSql(scores("", "'connector' = 'kafka', 'key.format' = 'raw', 'key.fields' = 'team', 'value.format' = 'json'"));
            tables.executeSql(RATINGS_PER_HOUR).await();
            return;
        }
        tables.executeSql(events("opened", "support.ticket.opened.v1", "ticket_id STRING, team STRING", ""));
        tables.executeSql(events("replied", "support.ticket.replied.v1", "ticket_id STRING, author STRING, `public` BOOLEAN", ""));
        tables.executeSql(events("ratings", "support.rating.submitted.v1", "team STRING, score INT", ""));
        tables.executeSql(scores(", n_frt BIGINT, sum_frt BIGINT, PRIMARY KEY (team, `window`) NOT ENFORCED",
            "'connector' = 'upsert-kafka', 'key.format' = 'json', 'value.format' = 'json'"));
        tables.executeSql(FIRST_RESPONSES);
        tables.executeSql(TICKETS_PER_HOUR).await();
    }
}
