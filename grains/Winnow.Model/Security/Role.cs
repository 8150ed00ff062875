using System.Text.Json.Serialization;

namespace Winnow.Model.Security;

/// <summary>
/// What somebody is in a dataset, or in the cluster when granted on <see cref="AccessScope.Cluster"/>. <see cref="RolePermissions"/> says
/// what each may do.
/// </summary>
[JsonConverter(typeof(KebabEnumConverter<Role>))]
public enum Role : byte
{
    /// <summary>Answers for the dataset: may do everything in it, and decides who else may.</summary>
    Owner = 0,
    /// <summary>Runs the learning: imports, rounds, versions, exports. Does not answer tasks.</summary>
    Engineer = 1,
    /// <summary>Brings images, and sees no more than how many there are.</summary>
    Ingester = 2,
    /// <summary>Answers review tasks.</summary>
    Annotator = 3,
    /// <summary>Says whether what others said is right, beside answering tasks, and corrects it.</summary>
    Verifier = 4,
    /// <summary>Settles what annotators and verifiers disagree about, beside what a verifier does.</summary>
    Arbitrator = 5,
    /// <summary>Reads everything, who has access and who had it included; changes nothing.</summary>
    Auditor = 6,
    /// <summary>Looks at smaller copies of images, and at results.</summary>
    Viewer = 7,
}
