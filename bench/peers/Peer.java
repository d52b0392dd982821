// Airbyte records from stdin into one DynamoDB table, as a user of the AWS SDK for Java v2 would write it: the
// asynchronous client (Netty) with 50 requests in flight, Jackson to parse.
//
//   java -cp ... Peer ENDPOINT TABLE
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.PutRequest;
import software.amazon.awssdk.services.dynamodb.model.WriteRequest;

public final class Peer {
  private static final int IN_FLIGHT = 50;
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS);
  private static final Semaphore SLOTS = new Semaphore(IN_FLIGHT);

  private static AttributeValue value(JsonNode node) {
    switch (node.getNodeType()) {
      case OBJECT:
        Map<String, AttributeValue> members = new HashMap<>();
        node.properties().forEach(field -> members.put(field.getKey(), value(field.getValue())));
        return AttributeValue.fromM(members);
      case ARRAY:
        List<AttributeValue> list = new ArrayList<>(node.size());
        node.forEach(element -> list.add(value(element)));
        return AttributeValue.fromL(list);
      case NUMBER:
        return AttributeValue.fromN(node.asText());
      case BOOLEAN:
        return AttributeValue.fromBool(node.booleanValue());
      case NULL:
        return AttributeValue.fromNul(true);
      default:
        return AttributeValue.fromS(node.textValue());
    }
  }

  private static WriteRequest item(JsonNode record, AttributeValue syncTime) {
    Map<String, AttributeValue> item = new HashMap<>();
    item.put("_airbyte_ab_id", AttributeValue.fromS(UUID.randomUUID().toString()));
    item.put("sync_time", syncTime);
    item.put("_airbyte_data", value(record.get("data")));
    item.put("_airbyte_emitted_at", AttributeValue.fromN(record.get("emitted_at").asText()));
    return WriteRequest.builder().putRequest(PutRequest.builder().item(item).build()).build();
  }

  // Holds one of the slots until all of it is stored.
  private static void write(DynamoDbAsyncClient client, Map<String, List<WriteRequest>> requests) {
    client.batchWriteItem(request -> request.requestItems(requests)).whenComplete((reply, error) -> {
      if (error != null) {
        error.printStackTrace();
        Runtime.getRuntime().halt(1);
      } else if (reply.hasUnprocessedItems() && !reply.unprocessedItems().isEmpty()) {
        write(client, reply.unprocessedItems());
      } else {
        SLOTS.release();
      }
    });
  }

  public static void main(String[] arguments) throws Exception {
    String table = arguments[1];
    DynamoDbAsyncClient client = DynamoDbAsyncClient.builder()
        .endpointOverride(URI.create(arguments[0]))
        .region(Region.US_EAST_1)
        .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create("bench", "bench")))
        .httpClientBuilder(NettyNioAsyncHttpClient.builder().maxConcurrency(IN_FLIGHT))
        .build();
    AttributeValue syncTime = AttributeValue.fromN(Long.toString(System.currentTimeMillis()));
    List<WriteRequest> batch = new ArrayList<>(25);
    try (BufferedReader input =
             new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8), 1 << 20)) {
      for (String line = input.readLine(); line != null; line = input.readLine()) {
        JsonNode message = JSON.readTree(line);
        if (!message.get("type").textValue().equals("RECORD")) {
          continue;
        }
        batch.add(item(message.get("record"), syncTime));
        if (batch.size() == 25) {
          SLOTS.acquire();
          write(client, Map.of(table, batch));
          batch = new ArrayList<>(25);
        }
      }
    }
    if (!batch.isEmpty()) {
      SLOTS.acquire();
      write(client, Map.of(table, batch));
    }
    SLOTS.acquire(IN_FLIGHT);
    client.close();
  }
}
