// Airbyte records from stdin into a DynamoDB table per stream, as a user of the AWS SDK for Go v2 would write them who
// knows of throttling: retries in adaptive mode, 50 goroutines, batches of 25 that send again what was left unprocessed.
//
//	adaptive ENDPOINT PREFIX
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"log"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
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

type record struct {
	Stream    string          `json:"stream"`
	Data      json.RawMessage `json:"data"`
	EmittedAt json.Number     `json:"emitted_at"`
}

type message struct {
	Type   string `json:"type"`
	Record record `json:"record"`
}

type batch struct {
	table    string
	requests []types.WriteRequest
}

// The data as text: what they cost to convert is not the question here.
func request(r record, syncTime string) types.WriteRequest {
	return types.WriteRequest{PutRequest: &types.PutRequest{Item: map[string]types.AttributeValue{
		"_airbyte_ab_id":      &types.AttributeValueMemberS{Value: uuid.NewString()},
		"sync_time":           &types.AttributeValueMemberN{Value: syncTime},
		"_airbyte_data":       &types.AttributeValueMemberS{Value: string(r.Data)},
		"_airbyte_emitted_at": &types.AttributeValueMemberN{Value: r.EmittedAt.String()},
	}}}
}

func write(client *dynamodb.Client, b batch) {
	left := map[string][]types.WriteRequest{b.table: b.requests}
	for attempt := 0; len(left) > 0; attempt++ {
		// What was left is sent again after a while, twice as long each time, as AWS advises.
		if attempt > 0 {
			time.Sleep(min(50*time.Millisecond<<min(attempt, 8), 5*time.Second))
		}
		reply, err := client.BatchWriteItem(context.Background(), &dynamodb.BatchWriteItemInput{RequestItems: left})
		if err != nil {
			log.Fatal(err)
		}
		left = reply.UnprocessedItems
	}
}

func main() {
	endpoint, prefix := os.Args[1], os.Args[2]
	client := dynamodb.New(dynamodb.Options{
		BaseEndpoint: aws.String(endpoint),
		Region:       "us-east-1",
		Credentials: credentials.NewStaticCredentialsProvider(
			os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY"), ""),
		HTTPClient: awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
			t.MaxIdleConns, t.MaxIdleConnsPerHost = workers, workers
		}),
		// Nothing may be lost: it is tried until it is stored.
		Retryer: retry.NewAdaptiveMode(func(o *retry.AdaptiveModeOptions) {
			o.StandardOptions = append(o.StandardOptions, func(o *retry.StandardOptions) {
				o.MaxAttempts, o.RateLimiter = 0, unlimited{}
			})
		}),
	})
	syncTime := strconv.FormatInt(time.Now().UnixMilli(), 10)
	batches := make(chan batch, workers)
	var done sync.WaitGroup
	for range workers {
		done.Go(func() {
			for b := range batches {
				write(client, b)
			}
		})
	}
	open := map[string][]types.WriteRequest{}
	input := bufio.NewScanner(os.Stdin)
	for input.Scan() {
		var m message
		if err := json.Unmarshal(input.Bytes(), &m); err != nil {
			log.Fatal(err)
		}
		if m.Type != "RECORD" {
			continue
		}
		table := prefix + "_" + m.Record.Stream
		open[table] = append(open[table], request(m.Record, syncTime))
		if len(open[table]) == batchSize {
			batches <- batch{table, open[table]}
			delete(open, table)
		}
	}
	for table, requests := range open {
		batches <- batch{table, requests}
	}
	close(batches)
	done.Wait()
}

// The SDK's quota of retries would end a run that is throttled for long.
type unlimited struct{}

func (unlimited) GetToken(context.Context, uint) (func() error, error) {
	return func() error { return nil }, nil
}
func (unlimited) AddTokens(uint) error { return nil }
