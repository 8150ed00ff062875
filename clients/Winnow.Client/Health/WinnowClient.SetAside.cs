using Winnow.Model;
using Winnow.Model.Health;

namespace Winnow.Client;

public sealed partial class WinnowClient
{
    /// <summary>What is set aside because what is stored of it cannot be read: what, why, and what to do.</summary>
    public Task<IReadOnlyList<SetAsideItem>> ListSetAsideAsync(CancellationToken cancellationToken = default) =>
        GetAllAsync("/api/v1/set-aside", ModelJson.Default.IReadOnlyListSetAsideItem, cancellationToken);

    /// <summary>
    /// Deletes something that is set aside, for good; a dataset with all its images and labels, so that its name is free again. What is
    /// sound is not deleted.
    /// </summary>
    /// <param name="kind">What kind of thing.</param>
    /// <param name="name">Its name, as <see cref="ListSetAsideAsync"/> has it.</param>
    /// <param name="cancellationToken">Gives up waiting; the same call goes on with it.</param>
    /// <returns>What it was.</returns>
    /// <exception cref="WinnowApiException">Nothing of that name is set aside, or the caller may not.</exception>
    public Task<SetAsideItem> DiscardSetAsideAsync(SetAsideKind kind, string name, CancellationToken cancellationToken = default) =>
        PostAsync("/api/v1/set-aside/discard", new DiscardSetAside(kind, name), ModelJson.Default.DiscardSetAside,
            ModelJson.Default.SetAsideItem, null, cancellationToken);
}
