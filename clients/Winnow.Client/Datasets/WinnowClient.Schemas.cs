using Winnow.Model;
using Winnow.Model.Datasets;

namespace Winnow.Client;

public sealed partial class WinnowClient
{
    /// <summary>The newest version of the label schema, and how far the asking again has come that it brought with it.</summary>
    public Task<SchemaState> GetSchemaAsync(string dataset, CancellationToken cancellationToken = default) =>
        GetAsync($"{Dataset(dataset)}/schema", ModelJson.Default.SchemaState, cancellationToken);

    /// <summary>All versions of the label schema, oldest first.</summary>
    public Task<IReadOnlyList<SchemaVersion>> ListSchemasAsync(string dataset, CancellationToken cancellationToken = default) =>
        GetAllAsync($"{Dataset(dataset)}/schema/versions", ModelJson.Default.IReadOnlyListSchemaVersion, cancellationToken);

    /// <summary>Makes the next version of the label schema. All changes are made, or none.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="change">The changes, and the version that was looked at.</param>
    /// <param name="operationId">Repeat with the same id after a lost answer: one version is made.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="WinnowApiException">A change cannot be made, or another version is the newest by now.</exception>
    public Task<SchemaState> ChangeSchemaAsync(
        string dataset, ChangeSchema change, Guid? operationId = null, CancellationToken cancellationToken = default) =>
        PostAsync($"{Dataset(dataset)}/schema", change, ModelJson.Default.ChangeSchema, ModelJson.Default.SchemaState,
            operationId ?? Guid.NewGuid(), cancellationToken);
}
