using Winnow.Model;
using Winnow.Model.Prelabels;

namespace Winnow.Client;

public sealed partial class WinnowClient
{
    /// <summary>
    /// Sends what machines propose for images, at most 1,000 prelabels. Those that are not refused are on disk when this returns; of each
    /// image and source the newest is kept.
    /// </summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="prelabels">The prelabels.</param>
    /// <param name="operationId">Chosen by the caller; sending the same again under it is harmless. Null: one is made.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="WinnowApiException">The lot was refused as a whole; nothing of it was taken.</exception>
    public Task<PrelabelsResult> AddPrelabelsAsync(
        string dataset, IReadOnlyList<ImagePrelabel> prelabels, Guid? operationId = null, CancellationToken cancellationToken = default) =>
        PostAsync($"{Dataset(dataset)}/prelabels", prelabels, ModelJson.Default.IReadOnlyListImagePrelabel,
            ModelJson.Default.PrelabelsResult,
            operationId ?? Guid.NewGuid(), cancellationToken);
}
