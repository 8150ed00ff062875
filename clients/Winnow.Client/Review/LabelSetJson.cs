using System.Text.Json;
using System.Text.Json.Serialization;

namespace Winnow.Client;

/// <summary>How rows of label set files are read.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, AllowOutOfOrderMetadataProperties = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(LabelSetFile.Row))]
internal sealed partial class LabelSetJson : JsonSerializerContext;
