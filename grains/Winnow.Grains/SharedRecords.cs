using Orleans.Serialization.Cloning;
using Winnow.Model.Datasets;
using Winnow.Model.Review;

namespace Winnow.Grains;

/// <summary>
/// What crosses between grains of one silo as it is: nobody changes it once it is sent, so that a copy, which goes by way of JSON, is of no
/// use. These are of every task that is taken and every answer that is given; all else is copied.
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
