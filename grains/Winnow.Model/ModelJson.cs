using System.Text.Json;
using System.Text.Json.Serialization;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Images.Buckets;
using Winnow.Model.Prelabels;
using Winnow.Model.Review;
using Winnow.Model.Training;

namespace Winnow.Model;

/// <summary>How the model's records are written as JSON, for the API, the SDK, the UI and the ledger alike: camelCase, enums in kebab-case, nulls written out so that every field is always there.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, AllowOutOfOrderMetadataProperties = true, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(CreateDataset))]
[JsonSerializable(typeof(DatasetInfo))]
[JsonSerializable(typeof(IReadOnlyList<DatasetInfo>))]
[JsonSerializable(typeof(DatasetStatus))]
[JsonSerializable(typeof(DatasetVersion))]
[JsonSerializable(typeof(IReadOnlyList<DatasetVersion>))]
[JsonSerializable(typeof(CreateVersion))]
[JsonSerializable(typeof(DatasetInfo[]))]
[JsonSerializable(typeof(DatasetVersion[]))]
[JsonSerializable(typeof(ReviewTask[]))]
[JsonSerializable(typeof(SubmitResult[]))]
[JsonSerializable(typeof(RoundInfo[]))]
[JsonSerializable(typeof(LearningCurveInfo[]))]
[JsonSerializable(typeof(IngestResult[]))]
[JsonSerializable(typeof(ManifestHeader))]
[JsonSerializable(typeof(ManifestRow))]
[JsonSerializable(typeof(ImageDetail))]
[JsonSerializable(typeof(ImagePage))]
[JsonSerializable(typeof(IReadOnlyList<ImageId>))]
[JsonSerializable(typeof(IngestResult))]
[JsonSerializable(typeof(IReadOnlyList<IngestResult>))]
[JsonSerializable(typeof(Annotation))]
[JsonSerializable(typeof(IReadOnlyList<Annotation>))]
[JsonSerializable(typeof(Prelabel))]
[JsonSerializable(typeof(Decision))]
[JsonSerializable(typeof(HistoryEntry))]
[JsonSerializable(typeof(ReviewTask))]
[JsonSerializable(typeof(IReadOnlyList<ReviewTask>))]
[JsonSerializable(typeof(LeaseRequest))]
[JsonSerializable(typeof(SubmitDecision))]
[JsonSerializable(typeof(IReadOnlyList<SubmitDecision>))]
[JsonSerializable(typeof(SubmitResult))]
[JsonSerializable(typeof(IReadOnlyList<SubmitResult>))]
[JsonSerializable(typeof(StartRound))]
[JsonSerializable(typeof(RoundInfo))]
[JsonSerializable(typeof(IReadOnlyList<RoundInfo>))]
[JsonSerializable(typeof(ModelVersion))]
[JsonSerializable(typeof(IReadOnlyList<ModelVersion>))]
[JsonSerializable(typeof(LearningCurveInfo))]
[JsonSerializable(typeof(IReadOnlyList<LearningCurveInfo>))]
[JsonSerializable(typeof(BucketSource))]
[JsonSerializable(typeof(AddedSource))]
[JsonSerializable(typeof(SourceStatus))]
[JsonSerializable(typeof(SourceStatus[]))]
[JsonSerializable(typeof(IReadOnlyList<SourceStatus>))]
[JsonSerializable(typeof(PrepareUploads))]
[JsonSerializable(typeof(UploadSlots))]
[JsonSerializable(typeof(IReadOnlyList<UploadedImage>))]
[JsonSerializable(typeof(ImageUrl))]
public sealed partial class ModelJson : JsonSerializerContext;
