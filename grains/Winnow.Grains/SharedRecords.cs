using Orleans.Serialization.Cloning;
using Winnow.Model.Datasets;
using Winnow.Model.Review;

namespace Winnow.Grains;

/// <summary>
/// What crosses between grains of one silo as it is, since a copy goes by way of JSON. Whoever sends it must not change it any more; of a
/// task, which its receiver completes, the sender must not keep it either. These are of every task and every answer; all else is copied.
/// </summary>
internal sealed class SharedRecords : IGeneralizedCopier
{
    private static readonly HashSet<Type> Known =
        [typeof(DatasetInfo), typeof(LeaseRequest), typeof(ReviewTask), typeof(SubmitDecision), typeof(SubmitResult)];

    /// <summary>Whether records of a type are shared.</summary>
    public static bool Has(Type type) => Known.Contains(type);

    public bool IsSupportedType(Type type) => Has(type);

    public object? DeepCopy(object? input, CopyContext context) => input;
}
