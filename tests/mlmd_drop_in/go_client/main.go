// A client in Go, as an orchestrator has one: it records a run of a pipeline of two tasks, and a
// task that ran before, by its fingerprint, is CACHED with the outputs that it had.
//
//	client HOST:PORT RUN ROWS
//
// The token that the server wants is read from LINEAGE_TOKEN. What the tasks came to is printed as
// JSON. The stubs in pb are generated when this is built.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"slices"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"lineage/client/pb"
)

const pipelineName = "taxi"

// What a task came to.
type outcome struct {
	Task      string `json:"task"`
	Execution int64  `json:"execution"`
	State     string `json:"state"`
	Output    int64  `json:"output"`
}

type recorder struct {
	ctx   context.Context
	store pb.MetadataStoreServiceClient
	// The pipeline and this run of it.
	contexts []*pb.Context
}

func main() {
	log.SetFlags(0)
	address, run, rows := os.Args[1], os.Args[2], os.Args[3]
	connection, err := grpc.NewClient(
		address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatal(err)
	}
	defer connection.Close()
	ctx := context.Background()
	if token := os.Getenv("LINEAGE_TOKEN"); token != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
	}
	r := &recorder{ctx: ctx, store: pb.NewMetadataStoreServiceClient(connection)}
	outcomes, err := r.pipeline(run, rows)
	if err != nil {
		log.Fatal(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(outcomes); err != nil {
		log.Fatal(err)
	}
}

func (r *recorder) pipeline(run, rows string) ([]outcome, error) {
	pipeline, err := r.context("system.Pipeline", pipelineName)
	if err != nil {
		return nil, err
	}
	one, err := r.context("system.PipelineRun", run)
	if err != nil {
		return nil, err
	}
	if err := r.child(one, pipeline); err != nil {
		return nil, err
	}
	// To say it again is an error of its own, which may be passed over.
	if err := r.child(one, pipeline); status.Code(err) != codes.AlreadyExists {
		return nil, fmt.Errorf("the parent was put twice: %v", err)
	}
	r.contexts = []*pb.Context{pipeline, one}
	load, err := r.task("load", "system.Dataset", pb.ArtifactType_DATASET, nil, rows)
	if err != nil {
		return nil, err
	}
	train, err := r.task("train", "system.Model", pb.ArtifactType_MODEL, &load.Output, "sgd")
	if err != nil {
		return nil, err
	}
	return []outcome{*load, *train}, nil
}

// The context of that name; it is made where it isn't there.
func (r *recorder) context(typeName, name string) (*pb.Context, error) {
	found, err := r.store.GetContextByTypeAndName(r.ctx, &pb.GetContextByTypeAndNameRequest{
		TypeName: &typeName, ContextName: &name})
	if err != nil || found.Context != nil {
		return found.GetContext(), err
	}
	made, err := r.store.PutContextType(r.ctx, &pb.PutContextTypeRequest{
		ContextType: &pb.ContextType{Name: &typeName}})
	if err != nil {
		return nil, err
	}
	given := &pb.Context{TypeId: made.TypeId, Name: &name}
	put, err := r.store.PutContexts(r.ctx, &pb.PutContextsRequest{Contexts: []*pb.Context{given}})
	if err != nil {
		return nil, err
	}
	given.Id = &put.ContextIds[0]
	return given, nil
}

func (r *recorder) child(child, parent *pb.Context) error {
	_, err := r.store.PutParentContexts(r.ctx, &pb.PutParentContextsRequest{
		ParentContexts: []*pb.ParentContext{{ChildId: child.Id, ParentId: parent.Id}}})
	return err
}

// Runs a task that reads one artifact or none, and makes one: once for each fingerprint.
func (r *recorder) task(
	name, makes string, base pb.ArtifactType_SystemDefinedBaseType, reads *int64, setting string,
) (*outcome, error) {
	executionType, err := r.store.PutExecutionType(r.ctx, &pb.PutExecutionTypeRequest{
		ExecutionType: &pb.ExecutionType{Name: proto.String("system.ContainerExecution")}})
	if err != nil {
		return nil, err
	}
	artifactType, err := r.store.PutArtifactType(r.ctx, &pb.PutArtifactTypeRequest{
		ArtifactType: &pb.ArtifactType{Name: &makes, BaseType: &base}})
	if err != nil {
		return nil, err
	}
	fingerprint := fmt.Sprintf("%s(%d, %s)", name, number(reads), setting)
	before, err := r.outputOf(fingerprint)
	if err != nil {
		return nil, err
	}
	execution := &pb.Execution{
		TypeId:         executionType.TypeId,
		LastKnownState: pb.Execution_RUNNING.Enum(),
		CustomProperties: map[string]*pb.Value{
			"task_name":         text(name),
			"cache_fingerprint": text(fingerprint),
		},
	}
	var inputs []*pb.PutExecutionRequest_ArtifactAndEvent
	if reads != nil {
		inputs = append(inputs, pair(reads, nil, pb.Event_INPUT, "data"))
	}
	started, err := r.put(execution, inputs)
	if err != nil {
		return nil, err
	}
	execution.Id = started.ExecutionId
	state, output := pb.Execution_CACHED, pair(before, nil, pb.Event_OUTPUT, "result")
	if before == nil {
		made := &pb.Artifact{
			TypeId: artifactType.TypeId,
			Uri:    proto.String(fmt.Sprintf("s3://%s/%s/%d", pipelineName, name, *execution.Id)),
			State:  pb.Artifact_LIVE.Enum(),
		}
		state, output = pb.Execution_COMPLETE, pair(nil, made, pb.Event_OUTPUT, "result")
	}
	execution.LastKnownState = &state
	ended, err := r.put(execution, []*pb.PutExecutionRequest_ArtifactAndEvent{output})
	if err != nil {
		return nil, err
	}
	return &outcome{name, *execution.Id, state.String(), ended.ArtifactIds[0]}, nil
}

func (r *recorder) put(
	execution *pb.Execution, pairs []*pb.PutExecutionRequest_ArtifactAndEvent,
) (*pb.PutExecutionResponse, error) {
	return r.store.PutExecution(r.ctx, &pb.PutExecutionRequest{
		Execution:          execution,
		ArtifactEventPairs: pairs,
		Contexts:           r.contexts,
		Options: &pb.PutExecutionRequest_Options{
			ReuseContextIfAlreadyExist: proto.Bool(true)},
	})
}

// What a completed execution of the pipeline with that fingerprint made; nil where there is none.
func (r *recorder) outputOf(fingerprint string) (*int64, error) {
	filter := fmt.Sprintf("last_known_state = COMPLETE AND contexts_p.name = '%s' AND "+
		"custom_properties.cache_fingerprint.string_value = '%s'", pipelineName, fingerprint)
	var ids []int64
	// By pages of one, to follow them.
	options := &pb.ListOperationOptions{MaxResultSize: proto.Int32(1), FilterQuery: &filter}
	for {
		page, err := r.store.GetExecutions(r.ctx, &pb.GetExecutionsRequest{Options: options})
		if err != nil {
			return nil, err
		}
		for _, execution := range page.Executions {
			ids = append(ids, execution.GetId())
		}
		if page.GetNextPageToken() == "" {
			break
		}
		options.NextPageToken = page.NextPageToken
	}
	if len(ids) == 0 {
		return nil, nil
	}
	events, err := r.store.GetEventsByExecutionIDs(r.ctx, &pb.GetEventsByExecutionIDsRequest{
		ExecutionIds: []int64{slices.Max(ids)}})
	if err != nil {
		return nil, err
	}
	for _, event := range events.Events {
		if event.GetType() == pb.Event_OUTPUT {
			return event.ArtifactId, nil
		}
	}
	return nil, fmt.Errorf("%s made nothing", fingerprint)
}

// An artifact by its id or as it is to be made, and how it was used.
func pair(
	id *int64, made *pb.Artifact, kind pb.Event_Type, key string,
) *pb.PutExecutionRequest_ArtifactAndEvent {
	step := &pb.Event_Path_Step{Value: &pb.Event_Path_Step_Key{Key: key}}
	return &pb.PutExecutionRequest_ArtifactAndEvent{
		Artifact: made,
		Event: &pb.Event{
			ArtifactId: id,
			Type:       &kind,
			Path:       &pb.Event_Path{Steps: []*pb.Event_Path_Step{step}},
		},
	}
}

func text(value string) *pb.Value {
	return &pb.Value{Value: &pb.Value_StringValue{StringValue: value}}
}

func number(id *int64) int64 {
	if id == nil {
		return 0
	}
	return *id
}
