using Winnow.Model;
using Winnow.Model.Policies;

namespace Winnow.Client;

public sealed partial class WinnowClient
{
    /// <summary>The policies that hold.</summary>
    public Task<DatasetPolicies> GetPoliciesAsync(string dataset, CancellationToken cancellationToken = default) =>
        GetAsync($"{Dataset(dataset)}/policies", ModelJson.Default.DatasetPolicies, cancellationToken);

    /// <summary>All policies that ever held, oldest first.</summary>
    public Task<IReadOnlyList<DatasetPolicies>> ListPoliciesAsync(string dataset, CancellationToken cancellationToken = default) =>
        GetAllAsync($"{Dataset(dataset)}/policies/versions", ModelJson.Default.IReadOnlyListDatasetPolicies, cancellationToken);

    /// <summary>Changes policies, and answers with those that hold then. The same change again changes nothing.</summary>
    /// <exception cref="WinnowApiException">
    /// A value is out of range, a name unknown, or others hold by now than the change names.
    /// </exception>
    public Task<DatasetPolicies> ChangePoliciesAsync(string dataset, ChangePolicies change,
        CancellationToken cancellationToken = default) =>
        PostAsync($"{Dataset(dataset)}/policies", change, ModelJson.Default.ChangePolicies, ModelJson.Default.DatasetPolicies,
            Guid.NewGuid(), cancellationToken);
}
