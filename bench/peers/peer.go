// Airbyte records from stdin into one DynamoDB table, as a user of the AWS SDK for Go v2 would write it: 50
// goroutines that parse, convert and send, each a batch at a time.
//
//	peer ENDPOINT TABLE
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/uuid"
)

const (
	workers   = 50
	batchSize = 25
)

type message struct {
	Type   string `json:"type"`
	Record struct {
		Data      map[string]any `json:"data"`
		EmittedAt json.Number    `json:"emitted_at"`
	} `json:"record"`
}

func value(v any) types.AttributeValue {
	switch v := v.(type) {
	case nil:
		return &types.AttributeValueMemberNULL{Value: true}
	case bool:
		return &types.AttributeValueMemberBOOL{Value: v}
	case json.Number:
		return &types.AttributeValueMemberN{Value: v.String()}
	case string:
		return &types.AttributeValueMemberS{Value: v}
	case []any:
		list := make([]types.AttributeValue, len(v))
		for i := range v {
			list[i] = value(v[i])
		}
		return &types.AttributeValueMemberL{Value: list}
	case map[string]any:
		members := make(map[string]types.AttributeValue, len(v))
		for name := range v {
			members[name] = value(v[name])
		}
		return &types.AttributeValueMemberM{Value: members}
	}
	panic("not a JSON value")
}

func item(line []byte, syncTime string) (types.WriteRequest, bool) {
	var m message
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.UseNumber()
	if err := decoder.Decode(&m); err != nil {
		log.Fatal(err)
	}
	return types.WriteRequest{PutRequest: &types.PutRequest{Item: map[string]types.AttributeValue{
		"_airbyte_ab_id":      &types.AttributeValueMemberS{Value: uuid.NewString()},
		"sync_time":           &types.AttributeValueMemberN{Value: syncTime},
		"_airbyte_data":       value(m.Record.Data),
		"_airbyte_emitted_at": &types.AttributeValueMemberN{Value: m.Record.EmittedAt.String()},
	}}}, m.Type == "RECORD"
}

func write(client *dynamodb.Client, table string, requests []types.WriteRequest) {
	left := map[string][]types.WriteRequest{table: requests}
	for len(left) > 0 && len(requests) > 0 {
		reply, err := client.BatchWriteItem(context.Background(), &dynamodb.BatchWriteItemInput{RequestItems: left})
		if err != nil {
			log.Fatal(err)
		}
		left = reply.UnprocessedItems
	}
}

func main() {
	endpoint, table := os.Args[1], os.Args[2]
	client := dynamodb.New(dynamodb.Options{
		BaseEndpoint: aws.String(endpoint),
		Region:       "us-east-1",
		Credentials:  credentials.NewStaticCredentialsProvider("bench", "bench", ""),
		HTTPClient: awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
			t.MaxIdleConns, t.MaxIdleConnsPerHost = workers, workers
		}),
	})
	syncTime := strconv.FormatInt(time.Now().UnixMilli(), 10)
	batches := make(chan [][]byte, workers)
	var done sync.WaitGroup
	for range workers {
		done.Go(func() {
			for lines := range batches {
				requests := make([]types.WriteRequest, 0, batchSize)
				for _, line := range lines {
					if request, ok := item(line, syncTime); ok {
						requests = append(requests, request)
					}
				}
				write(client, table, requests)
			}
		})
	}
	input := bufio.NewReaderSize(os.Stdin, 1<<20)
	lines := make([][]byte, 0, batchSize)
	for {
		line, err := input.ReadBytes('\n')
		if len(line) > 0 {
			lines = append(lines, line)
		}
		if len(lines) == batchSize || err == io.EOF {
			batches <- lines
			lines = make([][]byte, 0, batchSize)
		}
		if err != nil {
			break
		}
	}
	close(batches)
	done.Wait()
}
